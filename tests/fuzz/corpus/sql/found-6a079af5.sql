CRE, tþÿÿüARRAY<STRING>>,total AS priceT METADAoc DESC t;
DA'filesystem',
  'path' = 'it'ES t;
DESCRIBE ''(ORDRIBE /ERaccees sBreeT METADA'