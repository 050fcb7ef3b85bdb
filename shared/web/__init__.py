"""The web kit every service's HTTP side is made of: app factory, access, problems, paging, OpenAPI, pages."""
