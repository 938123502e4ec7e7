package dialogue_test
import ("testing";"fmt";"kiveileder";"time";"kiveileder/retriever";"kiveileder/services/conversation")
func TestExplore(t *testing.T){
 s:=time.Now(); builtInLibrary(t); fmt.Println("lib",time.Since(s))
 k:=newTalk(t)
 p:=func(a kiveileder.Answer){ fmt.Println(" ",brief(a)); for _,f:=range a.Findings{fmt.Println("     ",f.Outcome,f.Citations,len(f.Quotes), f.Authority)}; fmt.Println("     lead",a.Lead,len(a.Citations),len(a.Conflicts)); if a.HandOver!=nil {fmt.Println("     ho",a.HandOver.Text)}}
 p(k.say("Vi skal forske.", known{"purpose":"health_research","data_sources":[]any{"patient_record","health_registry"}}))
 p(k.say("vi har ikke spurt noen",nil))
 p(k.say("1",nil))
 p(k.say("",known{"linkage":true}))
 p(k.say("Hvor lenge kan vi lagre opplysningene?",nil))
 k.search.result.Verdict=retriever.Verdict{Class:retriever.Underspecified}
 p(k.say("Hva må vi gjøre?",nil))
 k=newTalk(t)
 k.search.result.Verdict=retriever.Verdict{Class:retriever.Underspecified}
 for range 5 {p(k.say("Må vi søke?",nil))}
 k=newTalk(t)
 k.search.result.Verdict=retriever.Verdict{Class:retriever.Smalltalk,Intent:"thanks"}
 p(k.say("Takk!",known{"purpose":"health_research","consent":"no"}))
 k=newTalk(t)
 p(k.say("Hvem har ansvaret når utstyret svikter? Vi forsker på sykdom med journaldata.",known{"purpose":"health_research","data_sources":"patient_record"}))
 p(k.say("Vi har ikke spurt noen.",nil))
 k=newTalk(t)
 p(k.say("Vi skal opprette et kvalitetsregister.",known{"purpose":"quality_registry","consent":"no"}))
 for range 4 {p(k.say("vet ikke",nil))}
 k=newTalk(t)
 p(k.say("Vi skal opprette et kvalitetsregister.",known{"purpose":"quality_registry","consent":"no"}))
 for range 4 {p(k.say("ja",nil))}
 // facts alone while first waits
 k=newTalk(t)
 k.svc.Accept(t.Context(),"w",kiveileder.Post{ID:"1",Question:"Vi skal forske"})
 k.svc.Accept(t.Context(),"w",kiveileder.Post{ID:"2",Facts:known{"consent":"no"}})
 _,err:=k.svc.Answer(t.Context(),"w",1,nil); fmt.Println(err)
 _,err=k.svc.Answer(t.Context(),"w",2,nil); fmt.Println("facts alone behind a waiting message:",err)
 _ = conversation.ErrFull
}
