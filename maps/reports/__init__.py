"""Map products that stand alone: one HTML file, everything inside, opens without internet, prints."""
