1)7 « 2) * 3;
SELECT f((SELECT 1), (S++;
SELECT+S+++++++E++L