def report(degrees: float) -> str:
    """Says how warm it is."""
    return f"{degrees:.1f} degrees: {'warm' if degrees >= 20 else 'cold'}"
