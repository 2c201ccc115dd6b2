SELECT win`;```P BY 
