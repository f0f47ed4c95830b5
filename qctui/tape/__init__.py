"""The tape: records the API's answers as they came, and finds them again. Knows no network and no screen."""
