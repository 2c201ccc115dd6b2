RESET;
RESET 'parallelism.default';
SHOW TABLES;
SHOW VIEWS NOT LIKE 'x%'