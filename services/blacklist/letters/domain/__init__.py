"""Pure parts of letters: kinds and templates, numbers, dates as papers write them, service and its clash."""
