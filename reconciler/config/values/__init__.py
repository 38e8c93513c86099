"""Single texts of the language → values: dates, amounts, lengths of time, limits, references."""
