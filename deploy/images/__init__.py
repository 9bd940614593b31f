"""The images: one Dockerfile with a target each, and what runs inside of it."""
