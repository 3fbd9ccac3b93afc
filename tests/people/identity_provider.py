"""A small OpenID Connect provider on this machine, for the whole code flow with PKCE."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "relais", "the secret of the tests"


class IdentityProvider:
    """Whom it vouches for is in `claims`; each code is given out, and taken back, once."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.audience = CLIENT
        self.codes: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}
        self.refusals: list[str] = []
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {k: v[0] for k, v in parse_qs(parts.query).items()}
                if parts.path == "/.well-known/openid-configuration":
                    self.say(provider.discovery())
                elif parts.path == "/keys":
                    self.say(provider.keys())
                elif parts.path == "/authorize":
                    self.send_response(302)
                    self.send_header("Location", provider.authorize(query))
                    self.end_headers()
                elif parts.path == "/userinfo":
                    bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
                    found = provider.tokens.get(bearer)
                    self.say(found or {"error": "invalid_token"}, 200 if found else 401)
                else:
                    self.say({"error": "not_found"}, 404)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {k: v[0] for k, v in parse_qs(body).items()}
                answer = provider.token(form)
                self.say(answer, 400 if "error" in answer else 200)

            def say(self, answer: dict[str, Any], status: int = 200) -> None:
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: Any) -> None:
                pass

        return Handler

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
        }

    def keys(self) -> dict[str, Any]:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [public | {"kid": "one", "use": "sig", "alg": "RS256"}]}

    def authorize(self, query: dict[str, str]) -> str:
        """Return where the browser goes next: back, with a code."""
        if query.get("client_id") != CLIENT or query.get("code_challenge_method") != "S256":
            self.refusals.append("authorize")
            return f"{query['redirect_uri']}?error=invalid_request&state={query['state']}"
        code = secrets.token_urlsafe(16)
        self.codes[code] = query | {"claims": dict(self.claims)}
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str]) -> dict[str, Any]:
        asked = self.codes.pop(form.get("code", ""), None)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).decode().rstrip("=")
        if (
            asked is None
            or form.get("client_secret") != SECRET
            or form.get("redirect_uri") != asked["redirect_uri"]
            or challenge != asked["code_challenge"]
        ):
            self.refusals.append("token")
            return {"error": "invalid_grant"}
        access = secrets.token_urlsafe(16)
        self.tokens[access] = asked["claims"]
        now = int(time.time())
        claims = asked["claims"] | {
            "iss": self.issuer,
            "aud": self.audience,
            "iat": now,
            "exp": now + 300,
        }
        identity = jwt.encode(claims, self.key, "RS256", headers={"kid": "one"})
        return {"access_token": access, "token_type": "Bearer", "id_token": identity}


@contextlib.contextmanager
def running() -> Iterator[IdentityProvider]:
    """Run a provider on a free port."""
    provider = IdentityProvider()
    thread = threading.Thread(target=provider.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.server.shutdown()
        provider.server.server_close()
        thread.join()
