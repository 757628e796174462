"""What the pipelines do beside the commands: which stacks, compared with what, said to whom.

Only Python's own library, so that a job that installs nothing can run it. See docs/gitops.md.
"""
