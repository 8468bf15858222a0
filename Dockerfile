# The image of a release. GoReleaser puts the program of each platform in the build context. The
# base has no shell and no package manager: a user that is not root, certificates and /tmp.
FROM gcr.io/distroless/static-debian12:nonroot@sha256:afa5c872c891853ca7fcf1f12c3edb23f7eeef36189728842dd51042ff57f7ab
ARG TARGETPLATFORM
COPY $TARGETPLATFORM/cfcheck /usr/local/bin/cfcheck
WORKDIR /work
ENTRYPOINT ["/usr/local/bin/cfcheck"]
