"""The sweep: every operation × role × part of the town, against docs/authorisation.yaml."""
