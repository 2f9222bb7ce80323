/**
 * What the programs say to each other, and the two carriers it travels by.
 *
 * <pre>
 *   smtpd, inject, local, send --Enqueue--> queue &lt;--Waiting-- send --Deliver--> local, remote
 *                                             ^                                     |
 *                                             +------------------Messages-----------+
 *   smtpd, local --Lookup--> lookup           ^--Cleaning-- clean        start --Program--> each of them
 * </pre>
 *
 * In one process a call is a call ({@link carteiro.protocol.DirectWires}); between processes it is netstring frames over
 * a Unix domain socket ({@link carteiro.protocol.SocketWires}). One contract test runs against both. A program treats
 * what it hears as hostile: every frame and field has a limit.
 */
@NullMarked
package carteiro.protocol;

import org.jspecify.annotations.NullMarked;
