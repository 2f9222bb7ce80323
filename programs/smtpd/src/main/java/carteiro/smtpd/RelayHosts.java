package carteiro.smtpd;

import carteiro.control.Cdb;
import carteiro.control.CdbFile;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Settings;
import carteiro.idna.DomainName;
import carteiro.log.LogText;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Domains of other hosts that mail is taken for: rcpthosts, morercpthosts, openrelay. Safe for any number of threads. */
final class RelayHosts {
    /** How long the compiled rcpthosts are taken to be the same without looking. */
    private static final Duration TRUST = Duration.ofSeconds(1);

    private final Set<String> hosts;
    private final Optional<CdbFile> more;
    private final Relaying relaying;

    /** Whether strangers may send to strangers. */
    private enum Relaying {
        FOR_CLIENTS_ALONE,
        FOR_ANYBODY
    }

    /** What lets a client send to another host's domain. */
    enum RelayGround {
        RCPTHOSTS("the domain is in rcpthosts"),
        MORERCPTHOSTS("the domain is in morercpthosts"),
        LOGIN("the client has logged in"),
        RELAYCLIENT("the client may relay by RELAYCLIENT"),
        OPENRELAY("anybody may relay by openrelay");

        private final String sentence;

        RelayGround(String sentence) {
            this.sentence = sentence;
        }

        /** For who asks how it came about. */
        @Override
        public String toString() {
            return sentence;
        }
    }

    private RelayHosts(Set<String> hosts, Optional<CdbFile> more, Relaying relaying) {
        this.hosts = hosts;
        this.more = more;
        this.relaying = relaying;
    }

    static RelayHosts read(ControlFiles files, Installation installation) {
        Optional<List<String>> rcpthosts = files.list(Settings.RCPTHOSTS);
        var more = new CdbFile(installation.control(Settings.MORERCPTHOSTS_CDB), TRUST);
        if (rcpthosts.isPresent()) {
            try {
                more.now();
            } catch (IOException e) {
                files.problem(
                        Settings.MORERCPTHOSTS_CDB, 0, "cannot be used (" + LogText.reason(e) + "); run qmail-newmrh");
            }
        }
        var hosts = new HashSet<String>();
        rcpthosts.orElse(List.of()).forEach(line -> hosts.add(DomainName.addressKey(line)));
        return new RelayHosts(
                Set.copyOf(hosts),
                rcpthosts.map(_ -> more),
                files.get(Settings.OPENRELAY) ? Relaying.FOR_ANYBODY : Relaying.FOR_CLIENTS_ALONE);
    }

    /** Whether anybody may send to anywhere. */
    boolean isOpenRelay() {
        return relaying == Relaying.FOR_ANYBODY;
    }

    /**
     * What lets a client send to another host's domain; empty if nothing does.
     *
     * @param domain after rewriting: a percent hack must not lead past rcpthosts
     */
    Optional<RelayGround> relayGround(Rights rights, String domain) throws IOException {
        if (rights.login().isPresent()) {
            return Optional.of(RelayGround.LOGIN);
        }
        return rights.mayRelay()
                ? Optional.of(RelayGround.RELAYCLIENT)
                : isOpenRelay() ? Optional.of(RelayGround.OPENRELAY) : listed(domain);
    }

    @Override
    public String toString() {
        return hosts.size()
                + (hosts.size() == 1 ? " domain" : " domains")
                + more.map(RelayHosts::setting).orElse(", no file")
                + (isOpenRelay() ? ", openrelay yes" : "");
    }

    private static String setting(CdbFile compiled) {
        try {
            return compiled.now().isPresent() ? ", morercpthosts" : "";
        } catch (IOException e) {
            return ", morercpthosts unreadable";
        }
    }

    /** The domain itself, or a suffix of it that begins with a dot. */
    private Optional<RelayGround> listed(String domain) throws IOException {
        Optional<Cdb> compiled = more.isPresent() ? more.get().now() : Optional.empty();
        for (String form : DomainName.forms(domain)) { // a cdb that other tools made may hold either
            for (int at = 0; at >= 0; at = form.indexOf('.', at + 1)) {
                String name = form.substring(at);
                if (hosts.contains(name)) {
                    return Optional.of(RelayGround.RCPTHOSTS);
                }
                if (compiled.isPresent() && compiled.get().first(name).isPresent()) {
                    return Optional.of(RelayGround.MORERCPTHOSTS);
                }
            }
        }
        return Optional.empty();
    }
}
