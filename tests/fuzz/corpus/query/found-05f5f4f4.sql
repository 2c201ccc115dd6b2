SELECT t% x FROM UNNEST(tags) AS u (t),v (F)
