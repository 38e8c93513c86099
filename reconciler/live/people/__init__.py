"""What photos have beside their own fields, above all who is on them."""
