"""Letters (文书): generated from a case's facts as PDF, numbered, sealed, served, and verifiable by anyone.

Templates and numbering patterns are data; what was issued is never changed, only superseded before service.
"""
