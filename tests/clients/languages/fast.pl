#!/usr/bin/perl
# Cache::Memcached::Fast for talk.py: a call per line of stdin, its result per line of stdout, in JSON.
use strict;
use warnings;
use Cache::Memcached::Fast;
use JSON::PP;

$| = 1;
my $json = JSON::PP->new->allow_nonref->ascii;
my $client = Cache::Memcached::Fast->new({ servers => ["127.0.0.1:$ARGV[0]"], io_timeout => 60, connect_timeout => 60 });
my %token;

sub truth { my ($value) = @_; return $value ? JSON::PP::true : JSON::PP::false }
sub number { my ($value) = @_; return defined $value && length $value ? $value + 0 : undef }

my %call = (
    set => sub { truth($client->set(@_)) },
    add => sub { truth($client->add(@_)) },
    replace => sub { truth($client->replace(@_)) },
    append => sub { truth($client->append(@_)) },
    prepend => sub { truth($client->prepend(@_)) },
    get => sub { $client->get(@_) },
    get_multi => sub { $client->get_multi(@_) },
    set_multi => sub { my ($pairs) = @_; truth(!grep { !$_ } values %{ $client->set_multi(map { [$_, $pairs->{$_}] } keys %$pairs) }) },
    delete => sub { truth($client->delete(@_)) },
    incr => sub { number($client->incr(@_)) },
    decr => sub { number($client->decr(@_)) },
    touch => sub { truth($client->touch(@_)) },
    gets => sub { my ($key) = @_; my $got = $client->gets($key); return undef if !$got; $token{$key} = $got->[0]; return $got->[1] },
    cas => sub { my ($key, @rest) = @_; truth($client->cas($key, $token{$key}, @rest)) },
    flush => sub { truth($client->flush_all) },
    version => sub { (values %{ $client->server_versions })[0] },
);

print $json->encode([sort keys %call]), "\n";
while (my $line = <STDIN>) {
    my ($verb, @args) = @{ $json->decode($line) };
    my $result = eval { $call{$verb}->(@args) };
    print $json->encode($@ ? { error => "$@" } : $result), "\n";
}
