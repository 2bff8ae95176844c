"""What ends a job."""


class JobRuntimeError(RuntimeError):
    """A plugin failed; the cause says why."""
