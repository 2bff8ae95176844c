"""What two plugins share."""

WORD = "shared"
