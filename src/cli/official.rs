//! Docker's official images: Docker Hub has no catalog to complete their names from, and a word
//! that is one of them is never taken for a mistyped command.

/// Those that people use: completion offers them.
const POPULAR: &str = "\
adminer almalinux alpine amazoncorretto amazonlinux arangodb archlinux bash buildpack-deps \
busybox caddy cassandra chronograf clojure composer consul couchbase couchdb crate dart debian \
docker drupal eclipse-mosquitto eclipse-temurin elasticsearch elixir erlang fedora flink fluentd \
gcc ghost golang gradle groovy haproxy haskell hello-world httpd ibmjava influxdb jetty joomla \
julia kibana kong logstash mariadb matomo maven mediawiki memcached mongo mongo-express mysql \
nats neo4j nextcloud nginx node openjdk oraclelinux percona perl photon php phpmyadmin postgres \
python r-base rabbitmq redis redmine registry rockylinux ruby rust solr sonarqube swift telegraf \
tomcat traefik ubuntu wordpress";

/// The others, with those that are deprecated.
const OTHERS: &str = "\
aerospike alt api-firewall bonita centos cirros clearlinux clefos clickhouse convertigo crux \
django eggdrop emqx express-gateway friendica gazebo geonetwork glassfish haxe hitch hylang \
ibm-semeru-runtimes iojs irssi java jenkins jruby kaazing-gateway kapacitor krakend \
lightstreamer liquibase mageia monica mono nats-streaming neurodebian notary nuxeo odoo \
open-liberty opensuse orientdb owncloud piwik plone postfixadmin pypy rails rakudo-star rapidoid \
rethinkdb rocket.chat ros sapmachine satosa scratch sl sourcemage spark spiped storm swarm swipl \
thrift tomee ubuntu-debootstrap unit valkey varnish vault websphere-liberty xwiki yourls znc \
zookeeper";

/// The official images that people use, by name.
pub(super) fn popular() -> impl Iterator<Item = &'static str> {
    POPULAR.split(' ')
}

/// Whether a name is an official image's.
pub(super) fn is_image(name: &str) -> bool {
    popular().chain(OTHERS.split(' ')).any(|image| image == name)
}
