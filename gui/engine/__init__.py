"""The engine of the app: a child process that does all work, and the jobs that it is given."""

from .engine import Engine
from .job import Job
from .process import EngineDiedError, worker_command

__all__ = ["Engine", "EngineDiedError", "Job", "worker_command"]
