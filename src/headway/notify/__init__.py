"""The doors through which a message leaves: Apprise for people, an Alertmanager for what routes alerts already."""
