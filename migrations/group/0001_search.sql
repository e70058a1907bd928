-- Full text over the transcript: the index alone, its text stays in `messages` (same rowid).
CREATE VIRTUAL TABLE `search` USING fts5(body, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2');
