"""What becomes of alerts (pure): what a rule-cell sees, how its state advances, what is told, to whom and when."""
