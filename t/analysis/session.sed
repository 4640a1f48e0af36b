/^static const unsigned char \*get_text/,/^}/ s|^    len = \*p++;|&\n    /*@ split len; */|
/^static const unsigned char \*get_fields/,/^}/ {
	s|^    while (p |    /*@ dynamic_split end - p; */\n&|
	s|^        p += len + 3;|        /*@ slevel merge; */\n&|
}
/^static const unsigned char \*get_rest/,/^}/ {
	s|^    p = get_account|    /*@ dynamic_split end - p; */\n&|
	s|^ *p = get_text.*|&\n    /*@ slevel merge; */|
}
