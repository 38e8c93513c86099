"""What `immich-apply`, `immich-undo` and `--resume` do, step by step."""
