"""Companies, entities, sites and persons out of a list as people really have it.

columns    what a column is, guessed from its heading
cells      one cell's text → the value meant
records    one row → what it says
known      what is registered, as values
drafts     everything a plan speaks of, findable as rows name it
matching   one row against the register
planning   rows → what each of them will do, or why it is refused
applying   a plan → the tables
batches    the story: a file comes in, is shown, is applied
"""
