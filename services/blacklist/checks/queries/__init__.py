"""Reading jobs, projects and sheets: by the code of their link, or as their signed-in owner."""
