"""Will it be met: every target of every region judged by one engine; `judge` answers, `Verdicts` holds the answer."""
