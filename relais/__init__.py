"""Relais: runs a pool of executive assistants for companies with many sites."""
