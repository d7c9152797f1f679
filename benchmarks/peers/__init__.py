"""What the product is measured against: the bare views that somebody would write first, under the same server."""
