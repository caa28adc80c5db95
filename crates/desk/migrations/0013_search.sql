-- Words of an order from the first letter on: whoever types is not told at every first letter of a word that nothing is found.
DROP TABLE order_search;
CREATE VIRTUAL TABLE order_search USING fts5 (
    words, content = '', contentless_delete = 1, prefix = '1 2 3 4 5', tokenize = 'unicode61 remove_diacritics 2'
);
