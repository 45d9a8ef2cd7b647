"""One module for each verb; `cli/app.py` declares their options and imports a verb only when it runs."""
