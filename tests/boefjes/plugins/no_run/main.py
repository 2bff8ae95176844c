"""Has no function to be run."""
