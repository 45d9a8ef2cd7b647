"""The local host: runs the function app's own functions in this process, without Azure and without Functions' host.

It reads triggers, queues, schedules and routes from the `FunctionApp` object and limits from `host.json`, so nothing is
declared twice. It imitates the Functions host only as far as the app can notice: it checks no keys, scales to one
instance, and listens on loopback only.
"""
