package carteiro.tools;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.QmqpServer;
import carteiro.log.LogText;
import carteiro.mail.Address;
import carteiro.protocol.LookupExplanation.RoutingFinding;
import carteiro.protocol.LookupExplanation.RoutingView;
import carteiro.protocol.Program;
import carteiro.protocol.Route;
import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * What is wrong with an installation.
 *
 * <pre>
 *   FileFindings         each control file by its kind; names that nothing reads
 *   DomainFindings       locals, virtualdomains, rcpthosts and the other tables of domains
 *   ClientFindings       tcp.smtp, tcp.qmqp
 *   CertificateFindings  servercert.pem; the authorities of others' certificates
 *   AliasFindings        defaultdelivery, alias/, and where postmaster leads
 *   PermissionFindings   who may read and write what
 * </pre>
 *
 * and what each program says of its own settings.
 *
 * @param mistakes what keeps a program from starting, or does what nobody can have meant
 * @param warnings what may be meant
 */
record Findings(Set<String> mistakes, Set<String> warnings) {
    /** Copies the sets in their order. */
    Findings {
        mistakes = new LinkedHashSet<>(mistakes);
        warnings = new LinkedHashSet<>(warnings);
    }

    /** Looks only for what programs refuse to start with. */
    static Findings beforeStart(Installation installation, Iterable<Program> programs) {
        var found = new FindingList();
        if (isThere(installation, found)) {
            installation.queueOfQmail().ifPresent(found::mistake);
            programs(installation, programs, found);
        }
        return new Findings(found.mistakes(), found.warnings());
    }

    private static boolean isThere(Installation installation, FindingList found) {
        if (Files.isDirectory(installation.control())) {
            return true;
        }
        found.mistake(LogText.path(installation.control()) + ": is no folder; write it with: carteiro init --home "
                + LogText.path(installation.home()) + " --me HOST");
        return false;
    }

    private static final RoutingView UNKNOWN_ROUTES = new RoutingView() {
        @Override
        public Route route(Address envelopeRecipient) {
            return new Route.ToRemote(envelopeRecipient);
        }

        @Override
        public boolean isOurs(Address envelopeRecipient) {
            return false;
        }

        @Override
        public Set<String> keys() {
            return Set.of("");
        }
    };

    private static void programs(Installation installation, Iterable<Program> programs, FindingList found) {
        for (Program program : programs) {
            try {
                program.check(installation);
            } catch (ControlException e) {
                e.problems().forEach(found::mistake);
            }
        }
    }

    /** With a mistake in them, every address is taken to lead somewhere. */
    private static RoutingView routes(Installation installation, FindingList found) {
        try {
            return RoutesOfNow.of(installation);
        } catch (ControlException e) {
            e.problems().forEach(found::mistake);
            return UNKNOWN_ROUTES;
        }
    }

    /** Looks at everything. */
    static Findings of(Installation installation, Iterable<Program> programs) throws IOException {
        var found = new FindingList();
        if (!isThere(installation, found)) {
            return new Findings(found.mistakes(), found.warnings());
        }
        var files = new ControlFiles(installation);
        new FileFindings(installation, files, found).look();
        for (RoutingFinding finding : RoutesOfNow.findings(installation)) {
            if (finding.mistake()) {
                found.mistake(finding.setting(), finding.line(), finding.sentence());
            } else {
                found.warning(finding.setting(), finding.line(), finding.sentence());
            }
        }
        RoutingView routes = routes(installation, found);
        new DomainFindings(files, routes.keys(), found).look();
        installation.queueOfQmail().ifPresent(found::mistake);
        var spool = new LinkedHashSet<String>();
        SpoolView.look(installation, spool);
        spool.forEach(found::warning);
        new ClientFindings(installation, files, found).look();
        QmqpServer.read(files); // notes what is wrong
        new CertificateFindings(files, found).look();
        new AliasFindings(installation, files, routes, found).look();
        new PermissionFindings(installation, found).look();
        try {
            files.check();
        } catch (ControlException e) {
            e.problems().forEach(found::mistake);
        }
        programs(installation, programs, found);
        return new Findings(found.mistakes(), found.warnings());
    }
}
