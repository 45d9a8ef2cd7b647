"""Backstop's ports on Azure: ARM, the backup service, Resource Graph and Event Grid.

Nothing is imported here, so that a worker pays only for the clients it uses. No exception of Azure's SDK and no
model of it leaves these modules: they answer in the core's words and fail with the core's errors.
"""
