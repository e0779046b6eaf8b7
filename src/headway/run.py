"""The only module that computes: sources in, plans executed, numbers judged and recorded."""
