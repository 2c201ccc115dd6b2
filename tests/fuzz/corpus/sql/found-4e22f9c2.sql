INSERT INTO 'out.json' W;
SELECT * FROM TABLE(TUMBLE(TABLcution.runtime-mode'