#!/bin/sh
# Makes the PFX files of this folder anew, with OpenSSL 3 and its legacy provider. Not part of the tests: the files are stored.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
password='correct horse'

openssl req -x509 -newkey rsa:2048 -nodes -days 36500 -subj '/CN=test authority' \
  -keyout "$work/ca.key" -out "$work/ca.pem"
openssl req -newkey rsa:2048 -nodes -subj '/O=contoso/CN=exo-bridge' -keyout "$work/key" -out "$work/request"
openssl x509 -req -in "$work/request" -CA "$work/ca.pem" -CAkey "$work/ca.key" -days 36500 -out "$work/leaf"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj '/CN=curve' \
  -keyout "$work/ec.key" -out "$work/ec.pem"

openssl x509 -in "$work/leaf" -outform der -out leaf.cer
{
  openssl x509 -in "$work/leaf" -noout -fingerprint -sha1 | sed 's/.*=//; s/://g'
  echo 'O=contoso, CN=exo-bridge'
  openssl x509 -in "$work/leaf" -noout -enddate | sed 's/.*=//'
} > leaf.txt

export_pfx() {
  name=$1
  shift
  openssl pkcs12 -export -out "$name.pfx" "$@"
}
leaf="-inkey $work/key -in $work/leaf"
export_pfx openssl-3 $leaf -passout "pass:$password"
export_pfx openssl-3-chain $leaf -certfile "$work/ca.pem" -passout "pass:$password"
export_pfx openssl-3-empty-password $leaf -passout pass:
# What Export-PfxCertificate and the certificate store's wizard write unless told otherwise.
export_pfx windows-triple-des $leaf -certfile "$work/ca.pem" -passout "pass:$password" -legacy \
  -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1 -CSP 'Microsoft Enhanced Cryptographic Provider v1.0'
export_pfx openssl-1-rc2 $leaf -passout "pass:$password" -legacy
export_pfx openssl-1-rc2-empty-password $leaf -passout pass: -legacy
export_pfx elliptic-curve -inkey "$work/ec.key" -in "$work/ec.pem" -passout "pass:$password"
export_pfx camellia $leaf -passout "pass:$password" -keypbe camellia-256-cbc -certpbe camellia-256-cbc
export_pfx no-key -nokeys -in "$work/leaf" -passout "pass:$password"
