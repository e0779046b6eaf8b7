"""What happens by itself as time passes: alerts advance by what the ledger holds, and notices reach people."""
