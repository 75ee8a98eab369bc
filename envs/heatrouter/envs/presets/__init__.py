"""Districts and tasks that come with the package: ``<name>.yaml`` and ``<name>.task.yaml``."""
