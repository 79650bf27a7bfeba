#!/bin/bash
# make.sh - made the certificates and keys of this folder, once, with OpenSSL 3. They are for tests only.
set -eu
cd "$(dirname "$0")"
days=36500
: >index.tmp
key() { openssl genpkey -quiet -algorithm "$2" -pkeyopt "$3" -out "$1.key"; }
# leaf NAME ISSUER SAN DAYS [KEY [OPTION ..]]
leaf() {
	openssl req -new -key "${5:-$1}.key" -subj "/CN=$1" -out req.tmp
	printf 'subjectAltName=%s\nbasicConstraints=CA:FALSE\n' "$3" >ext.tmp
	openssl x509 -req -in req.tmp -CA "$2.pem" -CAkey "$2.key" -extfile ext.tmp -days "$4" -out "$1.pem" \
		"${@:6}" 2>/dev/null
}
key root EC ec_paramgen_curve:P-384
openssl req -new -x509 -key root.key -subj /CN=root -days $days -out root.pem \
	-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
key middle RSA rsa_keygen_bits:2048
openssl req -new -key middle.key -subj /CN=middle -out req.tmp
printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n' >ext.tmp
openssl x509 -req -in req.tmp -CA root.pem -CAkey root.key -extfile ext.tmp -days $days -out middle.pem 2>/dev/null
key rsa RSA rsa_keygen_bits:2048
leaf rsa middle DNS:mail.example.test,DNS:*.example.test $days
cat middle.pem >>rsa.pem
key ec EC ec_paramgen_curve:P-256
leaf ec middle DNS:mail.example.test $days
cat middle.pem >>ec.pem
key p384 EC ec_paramgen_curve:P-384
leaf p384 root DNS:other.test,IP:127.0.0.1 $days
leaf sha512 root DNS:other.test $days p384 -sha512
openssl req -new -x509 -key rsa.key -subj /CN=pss -days $days -out pss.pem \
	-addext subjectAltName=DNS:pss.test -sigopt rsa_padding_mode:pss
openssl ec -in p384.key -out p384-sec1.key 2>/dev/null
openssl rsa -in rsa.key -traditional -out rsa-pkcs1.key 2>/dev/null
openssl pkcs8 -topk8 -in ec.key -passout pass:x -out encrypted.key
key small RSA rsa_keygen_bits:1024
key p521 EC ec_paramgen_curve:P-521
key expired EC ec_paramgen_curve:P-256
openssl req -new -key expired.key -subj /CN=expired -out req.tmp
printf 'subjectAltName=DNS:mail.example.test\n' >ext.tmp
openssl ca -batch -config /dev/stdin -in req.tmp -cert root.pem -keyfile root.key -out expired.pem -notext \
	-startdate 20200101000000Z -enddate 20200201000000Z -extfile ext.tmp -outdir . 2>/dev/null <<'END'
[ca]
default_ca = x
[x]
database = index.tmp
rand_serial = yes
default_md = sha256
policy = y
[y]
commonName = supplied
END
rm -f ./*.tmp ./*.tmp.* *.old [0-9A-F]*.pem middle.key
