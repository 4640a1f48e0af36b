#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Prints its environment as JSON, as Python would read it (bytes that are no UTF-8 as surrogates), in a tenth of the time.
print "Content-Type: application/json\n\n{", join(", ", map { text($_) . ": " . text($ENV{$_}) } sort keys %ENV), "}";
sub text {
    my $s = shift;
    $s =~ s/[\x00-\x1f"\\\x7f]/sprintf("\\u%04x", ord $&)/ge;
    $s =~ s/((?:[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]
             |\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})+)|([\x80-\xff])
            /defined $1 ? $1 : sprintf("\\udc%02x", ord $2)/gex;
    return "\"$s\"";
}
