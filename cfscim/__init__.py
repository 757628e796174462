"""The command line of the project: validate, schema, plan, up, verify."""
