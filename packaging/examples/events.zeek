##! Peers with a bui-monitor ([Events] port = 9999) and with boefjes, and prints their events.
##!
##! It was not run: no Zeek was at hand when it was written. The events, their arguments and their
##! topics are those of bui-monitor(8) and boefjes(8).

module Burp;

export {
	## Where the daemon waits for peers.
	const host = 127.0.0.1 &redef;
	const listening = 9999/tcp &redef;

	global client_state: event(source: string, client: string, was: string, state: string,
	    phase: string);
	global backup_finished: event(source: string, client: string, number: count, started: time,
	    flags: vector of string);
	global pool_incident: event(source: string, kind: string, pid: count, words: string);
}

module Boefje;

export {
	global task_state: event(source: string, id: string, kind: string, organisation: string,
	    plugin: string, state: string);
}

# The daemon speaks without TLS here. With `ssl`, set Broker::ssl_cafile, Broker::ssl_certificate
# and Broker::ssl_keyfile instead.
redef Broker::disable_ssl = T;

event zeek_init()
	{
	Broker::subscribe("burp/");
	Broker::subscribe("boefje/");
	Broker::peer(fmt("%s", Burp::host), Burp::listening, 10sec);
	}

# Soon after the peering it comes once for each client, with what is: was and state are the same.
event Burp::client_state(source: string, client: string, was: string, state: string,
    phase: string)
	{
	print fmt("%s: %s is %s %s (it was %s)", source, client, state, phase, was);
	}

event Burp::backup_finished(source: string, client: string, number: count, started: time,
    flags: vector of string)
	{
	print fmt("%s: backup %d of %s, begun at %T, is finished", source, number, client, started);
	}

event Burp::pool_incident(source: string, kind: string, pid: count, words: string)
	{
	print fmt("%s: pool: %s %d %s", source, kind, pid, words);
	}

event Boefje::task_state(source: string, id: string, kind: string, organisation: string,
    plugin: string, state: string)
	{
	print fmt("%s: %s %s of %s is %s", source, kind, plugin, organisation, state);
	}
