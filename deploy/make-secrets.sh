#!/bin/sh
# Makes the secrets that compose.yaml and kubernetes/ read, each in a file of its own, in the folder given (deploy/secrets when
# none is). A file that is there stays as it is. The credentials are those of the simulated carrier: for the real one, write your
# own into thingspace-client-secret and thingspace-password.
set -eu
umask 077
folder=${1:-$(dirname "$0")/secrets}
mkdir -p "$folder"
cd "$folder"

# The folder is closed to others. The files are open inside, because the user of a container must be able to read them.
keep() {
  if [ -e "$1" ]; then cat >/dev/null; else cat >"$1" && chmod 444 "$1" && echo "made $folder/$1"; fi
}

echo simulator-secret | keep thingspace-client-secret
echo simulator-password | keep thingspace-password
openssl rand -base64 32 | keep callback-secret
openssl rand -hex 16 | keep callback-password
openssl rand -base64 32 | keep store-keys
# The database of compose.yaml. For another one, write its URL into store-url.
openssl rand -hex 24 | keep postgres-password
echo "postgres://m2m:$(cat postgres-password)@postgres:5432/m2m" | keep store-url

# nginx of compose.yaml needs a certificate. This one signs itself.
if [ ! -e tls-key ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout tls-key -out tls-certificate 2>/dev/null
  chmod 444 tls-key tls-certificate
  echo "made $folder/tls-key and $folder/tls-certificate"
fi
