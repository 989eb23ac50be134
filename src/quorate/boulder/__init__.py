"""A way in from Let's Encrypt's tool `ceremony`, which is part of Boulder: its configurations become plans. Floor 4.

`fields`, `profile` and `config` read the files; `linking` follows their paths; `sequence` puts them into an
order and on days; `patterns`, `plans` and `writing` write the authority; `report` says what happened.
"""
