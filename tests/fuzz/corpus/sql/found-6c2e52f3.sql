WHERE 
sele