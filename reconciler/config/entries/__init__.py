"""What stands under the top keys → entries of the desired state and its settings."""
